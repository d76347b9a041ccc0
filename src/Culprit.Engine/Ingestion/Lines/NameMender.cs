using System.Buffers;
using System.Text;

namespace Culprit.Engine.Ingestion.Lines;

/// <summary>Makes a name of text that is none: what is not visible becomes <c>-</c>, what is too long is cut.</summary>
internal static class NameMender
{
    /// <returns>Empty when nothing of the text is visible.</returns>
    public static ReadOnlySpan<byte> Mend(ReadOnlySpan<byte> text, TextScratch scratch)
    {
        text = ByteText.Cut(ByteText.Trim(text), EventLimits.MaxNameLength);
        var mark = scratch.Mark;
        var hasVisible = false;
        while (!text.IsEmpty)
        {
            var isVisible = Rune.DecodeFromUtf8(text, out var rune, out var used) == OperationStatus.Done && JsonText.IsVisible(rune);
            scratch.Append(isVisible ? text[..used] : "-"u8);
            hasVisible |= isVisible;
            text = text[used..];
        }

        return hasVisible ? scratch.From(mark) : default;
    }
}
