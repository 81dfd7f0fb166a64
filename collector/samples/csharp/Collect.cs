// Collects in C# (.NET 6 or later) by P/Invoke. This sample is text: no test builds it, since Debian has no .NET.
using System;
using System.Runtime.InteropServices;

static class Tradefront
{
    private const string Library = "tradefront_collect_TF01"; // with the usual prefix and suffix of the system

    [StructLayout(LayoutKind.Sequential)]
    private struct Item
    {
        public IntPtr Name;
        public int State;
        public IntPtr Source, AdviceZh, AdviceEn, Masked;
    }

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
    private static extern int tfc_collect(IntPtr options, out IntPtr result);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
    private static extern IntPtr tfc_terminal_info(IntPtr result, out UIntPtr len);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
    private static extern int tfc_count(IntPtr result);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
    private static extern Item tfc_at(IntPtr result, int i);

    [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
    private static extern void tfc_free(IntPtr result);

    /// <summary>The field TerminalInfo, ready to send; null if nothing was collected.</summary>
    public static byte[]? Collect()
    {
        int code = tfc_collect(IntPtr.Zero, out IntPtr result);
        if (code < 0 && code != -4)
        {
            throw new InvalidOperationException($"collecting failed: {code}");
        }
        try
        {
            for (int i = 0; i < tfc_count(result); i++)
            {
                Item item = tfc_at(result, i);
                string advice = Marshal.PtrToStringUTF8(item.AdviceZh) ?? "";
                if (advice != "")
                {
                    Console.WriteLine($"{Marshal.PtrToStringUTF8(item.Name)}: {advice}");
                }
            }
            IntPtr data = tfc_terminal_info(result, out UIntPtr len);
            if (data == IntPtr.Zero)
            {
                return null;
            }
            var field = new byte[(int)len];
            Marshal.Copy(data, field, 0, field.Length);
            return field;
        }
        finally
        {
            tfc_free(result);
        }
    }
}
