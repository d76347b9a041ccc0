using System.Text;

namespace Culprit.Engine.Ingestion.Lines;

/// <summary>What became of the lines of one stream.</summary>
internal sealed class LineStreamReport
{
    private const int MaxExamples = 5;
    private const int MaxExampleBytes = 200;

    private readonly List<string> _examples = [];
    private readonly Dictionary<string, long> _formats = new(StringComparer.Ordinal);

    public long Lines { get; internal set; }

    public long BlankLines { get; internal set; }

    public long Records { get; internal set; }

    /// <summary>Lines that were joined to the record before them.</summary>
    public long JoinedLines { get; internal set; }

    /// <summary>Lines of no known format in a stream that has one; each is kept whole as a record.</summary>
    public long UnparsedLines { get; internal set; }

    /// <summary>Lines or records that were cut to their limit.</summary>
    public long CutLines { get; internal set; }

    /// <summary>Lines that were not valid UTF-8.</summary>
    public long InvalidLines { get; internal set; }

    /// <summary>The first unparsed lines, at most five: <c>line 17: text</c>.</summary>
    public IReadOnlyList<string> Examples => _examples;

    /// <summary>Records by the name of their format.</summary>
    public IReadOnlyDictionary<string, long> Formats => _formats;

    internal void CountUnparsed(ReadOnlySpan<byte> line, string? problem = null)
    {
        UnparsedLines++;
        if (_examples.Count < MaxExamples)
        {
            var text = Encoding.UTF8.GetString(ByteText.Cut(line, MaxExampleBytes));
            _examples.Add(problem is null ? $"line {Lines}: {text}" : $"line {Lines}: {problem}: {text}");
        }
    }

    internal void SetFormat(string name, long count)
    {
        if (count > 0)
        {
            _formats[name] = count;
        }
    }
}
