using System.Text;
using System.Text.RegularExpressions;

namespace Culprit.Benchmarks.Patterns;

/// <summary>Rewrites labelled lines until no mask recognises their values; labels stay as they are.</summary>
/// <remarks>The same value becomes the same words, so that what was constant stays constant.</remarks>
internal static partial class BlindLines
{
    /// <summary>Each id, address, path and other token with a digit becomes a word of six letters; plain numbers stay.</summary>
    public static LabelledLines Ids(LabelledLines system) => Rewrite(system, "ids", (t, plain) => plain ? t : Words(t, 1));

    /// <summary>Plain numbers become words too.</summary>
    public static LabelledLines AndNumbers(LabelledLines system) => Rewrite(system, "numbers", (t, _) => Words(t, 1));

    /// <summary>As <see cref="Ids"/>, and each value becomes one to three words.</summary>
    public static LabelledLines Phrases(LabelledLines system) => Rewrite(system, "phrases", (t, plain) => plain ? t : Words(t, 3));

    private static LabelledLines Rewrite(LabelledLines system, string name, Func<string, bool, string> value) => system with
    {
        Name = $"{system.Name}-{name}",
        Lines = [.. system.Lines.Select(l => Encoding.UTF8.GetBytes(
            Token().Replace(Encoding.UTF8.GetString(l), m => IsValue(m.Value) ? value(m.Value, PlainNumber().IsMatch(m.Value)) : m.Value)))],
    };

    private static bool IsValue(string token) => token.Any(char.IsAsciiDigit) || token[0] == '/' || token.Contains("://", StringComparison.Ordinal);

    private static string Words(string value, int most)
    {
        var bytes = System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(value));
        var words = Enumerable.Range(0, 1 + (bytes[31] % most))
            .Select(w => string.Concat(Enumerable.Range(0, 6).Select(i => (char)('a' + (bytes[(6 * w) + i] % 26)))));
        return string.Join(' ', words);
    }

    [GeneratedRegex(@"[^\s=,;()\[\]{}<>""'|]*[^\s=,;()\[\]{}<>""'|:.]")]
    private static partial Regex Token();

    [GeneratedRegex(@"^[-+]?\d+(\.\d+)?$")]
    private static partial Regex PlainNumber();
}
