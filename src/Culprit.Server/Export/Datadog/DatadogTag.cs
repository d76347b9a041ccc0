using System.Text;

namespace Culprit.Server.Export.Datadog;

/// <summary>Labels as Datadog's tags: <c>name:value</c>, lower case, at most 200 characters, no character that it would replace.</summary>
internal static class DatadogTag
{
    private const int MaxLength = 200;

    public static string Of(string label, string? value)
    {
        // Its name for what we call environment; its pages filter by it.
        var tag = new StringBuilder(label == "environment" ? "env" : label, MaxLength).Append(':');
        foreach (var rune in (value ?? "").EnumerateRunes())
        {
            if (tag.Length + rune.Utf16SequenceLength > MaxLength)
            {
                break;
            }

            if (Rune.IsLetterOrDigit(rune) || rune.Value is '_' or '-' or ':' or '.' or '/')
            {
                tag.Append(Rune.ToLowerInvariant(rune).ToString());
            }
            else
            {
                tag.Append('_');
            }
        }

        return tag.ToString();
    }
}
