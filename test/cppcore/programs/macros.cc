// The second file of a program of two, behind macros as <windows.h> has them. alone.cc is the first.
#include <array>
#include <limits>
#include <string>
#include <unordered_map>
#include <vector>
// g++'s own do not compile behind these
#define min(a, b) (((a) < (b)) ? (a) : (b))
#define max(a, b) (((a) > (b)) ? (a) : (b))
#define ERROR 0
#define near
#define far
#define small char
#define interface struct
#include "tradefront_core.h"
std::size_t alone(tradefront::Bytes bytes);
int main() { return alone("") == 0 && tradefront::Link(tradefront::Link::Options{}).out().empty() ? 0 : 1; }
