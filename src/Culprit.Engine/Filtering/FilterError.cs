using System.Text;

namespace Culprit.Engine.Filtering;

/// <summary>Why a text is no filter: where, what was found and what was expected.</summary>
/// <param name="Text">The whole text.</param>
/// <param name="Position">Index of the character at fault; the length of the text when something is missing at its end.</param>
/// <param name="Problem">What is wrong, as the beginning of a sentence.</param>
/// <param name="Expected">What could stand there; empty when that says nothing.</param>
internal sealed record FilterError(string Text, int Position, string Problem, string Expected)
{
    private const int Around = 60;

    /// <summary>One sentence; positions count from 1, as editors do.</summary>
    public string Message => Expected.Length == 0
        ? $"{Problem} at character {Position + 1}"
        : $"{Problem} at character {Position + 1}; expected {Expected}";

    /// <summary>The sentence, the part of the text around the fault, and a caret under the fault.</summary>
    public override string ToString()
    {
        var start = Math.Max(0, Position - Around);
        var end = Math.Min(Text.Length, Position + Around);
        var before = start > 0 ? "…" : "";
        var line = new StringBuilder(before);
        foreach (var c in Text.AsSpan(start, end - start))
        {
            line.Append(FilterText.IsPrintable(c) ? c : ' ');
        }

        line.Append(end < Text.Length ? "…" : "");
        return $"{Message}\n  {line}\n  {new string(' ', before.Length + Position - start)}^";
    }
}
