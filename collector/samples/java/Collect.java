import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.nio.file.Files;
import java.nio.file.Paths;

/**
 * Collects in Java by way of JNA (5 or later). With a file name it writes the field TerminalInfo, ready to send.
 *
 * <pre>java -cp jna.jar Collect.java out/libtradefront_collect_TF01.so terminalinfo.bin</pre>
 */
public class Collect {
    public interface Collector extends Library {
        int tfc_collect(Pointer options, PointerByReference result);

        Pointer tfc_terminal_info(Pointer result, LongByReference len);

        int tfc_missing(Pointer result);

        byte tfc_flag(Pointer result);

        int tfc_count(Pointer result);

        Item.ByValue tfc_at(Pointer result, int i);

        Pointer tfc_explain(Pointer result);

        String tfc_version();

        void tfc_free(Pointer result);

        void tfc_free_text(Pointer text);
    }

    @Structure.FieldOrder({"name", "state", "source", "adviceZh", "adviceEn", "masked"})
    public static class Item extends Structure {
        public Pointer name;
        public int state;
        public Pointer source;
        public Pointer adviceZh;
        public Pointer adviceEn;
        public Pointer masked;

        public static class ByValue extends Item implements Structure.ByValue {}
    }

    public static void main(String[] args) throws Exception {
        Collector c = Native.load(args[0], Collector.class);
        PointerByReference result = new PointerByReference();
        int code = c.tfc_collect(null, result);
        System.out.println(c.tfc_version());
        if (code < 0 && code != -4) {
            System.err.println("collecting failed: " + code);
            System.exit(2);
        }
        Pointer r = result.getValue();
        try {
            Pointer text = c.tfc_explain(r);
            System.out.print(text.getString(0, "UTF-8"));
            c.tfc_free_text(text);
            for (int i = 0; i < c.tfc_count(r); i++) {
                Item.ByValue item = c.tfc_at(r, i);
                System.out.println(item.name.getString(0, "UTF-8") + " " + item.state + " " + item.masked.getString(0, "UTF-8"));
            }
            LongByReference len = new LongByReference();
            Pointer field = c.tfc_terminal_info(r, len);
            if (args.length > 1 && field != null) {
                Files.write(Paths.get(args[1]), field.getByteArray(0, (int) len.getValue()));
            }
        } finally {
            c.tfc_free(r);
        }
        System.out.println("code " + code + ", flag " + (char) c.tfc_flag(null) + " of no result, null pointers caught: " + catchesNulls());
    }

    /** The JVM turns a SIGSEGV into a NullPointerException, by a handler that the library must leave in place. */
    private static int catchesNulls() {
        int caught = 0;
        for (int i = 0; i < 200_000; i++) {
            String s = i % 10 == 0 ? null : "x";
            try {
                s.length();
            } catch (NullPointerException e) {
                caught++;
            }
        }
        return caught;
    }
}
