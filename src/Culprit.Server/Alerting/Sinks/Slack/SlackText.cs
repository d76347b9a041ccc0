using System.Text;
using Culprit.Engine.Alerting;

namespace Culprit.Server.Alerting.Sinks.Slack;

/// <summary>Escapes text for Slack and cuts it so that what is sent, with the escapes, fits.</summary>
internal static class SlackText
{
    /// <summary>At most <paramref name="max"/> UTF-16 units; no character and no escape is cut in two.</summary>
    public static string Fit(string text, int max)
    {
        var result = new StringBuilder(Math.Min(text.Length, max) + 16);

        // Where to go back to when the rest does not fit: the longest whole part that leaves room for an ellipsis.
        var fallback = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            var start = result.Length;
            switch (rune.Value)
            {
                case '&':
                    result.Append("&amp;");
                    break;
                case '<':
                    result.Append("&lt;");
                    break;
                case '>':
                    result.Append("&gt;");
                    break;
                default:
                    result.Append(rune);
                    break;
            }

            if (start <= max - TextCut.Ellipsis.Length)
            {
                fallback = start;
            }

            if (result.Length > max)
            {
                result.Length = fallback;
                return result.Append(TextCut.Ellipsis[0]).ToString();
            }
        }

        return result.ToString();
    }
}
