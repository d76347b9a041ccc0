using System.Globalization;

namespace Culprit.Server.Journal;

/// <summary>One file of the journal as this process knows it.</summary>
internal sealed class Segment(string path, SegmentHeader header, long end)
{
    public const string Extension = ".wal";

    private long _end = end;

    public string Path { get; } = path;

    public string Name => System.IO.Path.GetFileName(Path);

    public SegmentHeader Header { get; } = header;

    public long First => Header.First;

    /// <summary>Readers stop here: what lies behind is not acknowledged.</summary>
    public long End
    {
        get => Volatile.Read(ref _end);
        set => Volatile.Write(ref _end, value);
    }

    /// <summary>Bytes that the file takes, acknowledged or not. Guarded by the set's lock.</summary>
    public long FileBytes { get; set; } = end;

    public static string NameOf(long first) => first.ToString("d20", CultureInfo.InvariantCulture) + Extension;

    public static bool TryParseName(string name, out long first)
    {
        first = 0;
        return name.Length == 20 + Extension.Length
            && name.EndsWith(Extension, StringComparison.Ordinal)
            && long.TryParse(name.AsSpan(0, 20), NumberStyles.None, CultureInfo.InvariantCulture, out first)
            && first > 0;
    }
}
