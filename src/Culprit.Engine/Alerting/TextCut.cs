using System.Security.Cryptography;
using System.Text;

namespace Culprit.Engine.Alerting;

/// <summary>Makes texts fit the limits of receivers without breaking a character in two.</summary>
/// <remarks>
/// Lengths are UTF-16 units: receivers count these, code points or bytes, and their documents seldom say which. Who
/// counts code points finds the text at most as long.
/// </remarks>
internal static class TextCut
{
    public const string Ellipsis = "…";

    /// <summary>The text itself when it fits, else its beginning and an ellipsis, together at most <paramref name="max"/>.</summary>
    public static string Fit(string text, int max)
    {
        if (text.Length <= max)
        {
            return text;
        }

        var length = max - Ellipsis.Length;
        if (length <= 0)
        {
            return max == Ellipsis.Length ? Ellipsis : "";
        }

        // The cut would part a surrogate pair.
        if (char.IsHighSurrogate(text[length - 1]) && char.IsLowSurrogate(text[length]))
        {
            length--;
        }

        return string.Concat(text.AsSpan(0, length), Ellipsis);
    }

    /// <summary>The key itself when it fits, else its SHA-256 in hex: two long keys must not become one by cutting.</summary>
    /// <param name="max">At least 64.</param>
    public static string Key(string key, int max) =>
        key.Length <= max ? key : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    /// <summary>The first names, and how many more there are.</summary>
    public static string Names(IReadOnlyList<string> names, int count) => names.Count <= count
        ? string.Join(", ", names)
        : $"{string.Join(", ", names.Take(count))} and {names.Count - count} more";
}
