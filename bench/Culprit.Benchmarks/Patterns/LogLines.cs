namespace Culprit.Benchmarks.Patterns;

/// <summary>A file in memory, cut into lines.</summary>
internal sealed class LogLines
{
    private readonly byte[] _bytes;
    private readonly List<(int Start, int Length)> _lines = [];

    public LogLines(string path)
    {
        _bytes = File.ReadAllBytes(path);
        var start = 0;
        while (start < _bytes.Length)
        {
            var length = _bytes.AsSpan(start).IndexOf((byte)'\n');
            length = length < 0 ? _bytes.Length - start : length;
            _lines.Add((start, length));
            start += length + 1;
        }
    }

    public int Count => _lines.Count;

    public long TotalBytes => _bytes.Length;

    public ReadOnlySpan<byte> this[int index] => _bytes.AsSpan(_lines[index].Start, _lines[index].Length);
}
