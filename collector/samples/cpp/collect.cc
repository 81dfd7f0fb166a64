// Collects in C++17: the result is an owner that frees itself, the field a vector of bytes.
//
//     c++ -std=c++17 -I out collector/samples/cpp/collect.cc -o collect out/libtradefront_collect_TF01.so -Wl,-rpath,'$ORIGIN/out'
#include <cstddef>
#include <fstream>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "tradefront_collect.h"

namespace {

struct Free {
    void operator()(tfc_result *r) const { tfc_free(r); }
    void operator()(char *text) const { tfc_free_text(text); }
};

class TerminalInfo {
public:
    static TerminalInfo collect()
    {
        tfc_result *r = nullptr;
        const int code = tfc_collect(nullptr, &r);
        std::unique_ptr<tfc_result, Free> owner{r};
        if (code < 0 && code != TFC_NOTHING) {
            throw std::runtime_error{"collecting failed: " + std::to_string(code)};
        }
        return TerminalInfo{std::move(owner)};
    }

    std::vector<char> field() const
    {
        std::size_t len = 0;
        const auto *data = tfc_terminal_info(result_.get(), &len);
        return data == nullptr ? std::vector<char>{} : std::vector<char>(data, data + len);
    }

    bool complete() const { return tfc_flag(result_.get()) == '0'; }

    // What the user does about each item that is missing.
    std::vector<std::string> advice() const
    {
        std::vector<std::string> lines;
        for (int i = 0; i < tfc_count(result_.get()); i++) {
            const tfc_item item = tfc_at(result_.get(), i);
            if (*item.advice_en != '\0') {
                lines.push_back(std::string{item.name} + ": " + item.advice_en);
            }
        }
        return lines;
    }

    std::string explain() const
    {
        const std::unique_ptr<char, Free> text{tfc_explain(result_.get())};
        return text ? text.get() : "";
    }

private:
    explicit TerminalInfo(std::unique_ptr<tfc_result, Free> r) : result_{std::move(r)} {}
    std::unique_ptr<tfc_result, Free> result_;
};

} // namespace

int main(int argc, char **argv)
try {
    const auto info = TerminalInfo::collect();
    std::cout << tfc_version() << '\n' << info.explain();
    for (const auto &line : info.advice()) {
        std::cout << "to do: " << line << '\n';
    }
    if (argc > 1) {
        const auto field = info.field();
        std::ofstream out{argv[1], std::ios::binary};
        out.write(field.data(), static_cast<std::streamsize>(field.size()));
        if (field.empty() || !out.flush()) {
            throw std::runtime_error{std::string{argv[1]} + ": not written"};
        }
    }
    std::cout << (info.complete() ? "complete\n" : "incomplete\n");
    return 0;
} catch (const std::exception &e) {
    std::cerr << e.what() << '\n';
    return 2;
}
