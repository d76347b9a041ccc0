namespace Culprit.Server.Replaying;

/// <summary>Marks an event as replayed: <c>meta.replayed</c> is true.</summary>
internal static class ReplayMark
{
    /// <param name="json">An event as our writers make it: its envelope comes first, so the first unescaped "meta" is the envelope's.</param>
    public static ReadOnlyMemory<byte> On(ReadOnlyMemory<byte> json)
    {
        var meta = "\"meta\":{"u8;
        var mark = "\"replayed\":true,"u8;
        var at = json.Span.IndexOf(meta);
        if (at < 0)
        {
            return (byte[])[.. "{\"meta\":{\"replayed\":true},"u8, .. json.Span[1..]];
        }

        var inside = at + meta.Length;
        var isEmpty = json.Span[inside] == (byte)'}';
        return (byte[])[.. json.Span[..inside], .. isEmpty ? mark[..^1] : mark, .. json.Span[inside..]];
    }
}
