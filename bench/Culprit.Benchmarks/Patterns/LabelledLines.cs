namespace Culprit.Benchmarks.Patterns;

/// <summary>Log lines of one system with the pattern that people say each belongs to.</summary>
internal sealed record LabelledLines(string Name, byte[][] Lines, string[] Groups, string[] Templates)
{
    /// <summary>Reads each <c>*.csv</c> of a folder: a header with <c>Content</c>, <c>EventId</c> and <c>EventTemplate</c>, one line a row.</summary>
    public static LabelledLines[] ReadFolder(string folder) =>
        [.. Directory.GetFiles(folder, "*.csv").Order(StringComparer.Ordinal).Select(ReadFile)];

    private static LabelledLines ReadFile(string path)
    {
        var rows = CsvRows.Read(File.ReadAllText(path)).ToList();
        var header = rows[0];
        var (content, group, template) = (Column("Content"), Column("EventId"), Column("EventTemplate"));
        var data = rows.Skip(1).Where(r => r.Count > 1).ToList();
        return new LabelledLines(
            Path.GetFileNameWithoutExtension(path),
            [.. data.Select(r => System.Text.Encoding.UTF8.GetBytes(r[content]))],
            [.. data.Select(r => r[group])],
            [.. data.Select(r => r[template])]);

        int Column(string name) =>
            header.IndexOf(name) is >= 0 and var at ? at : throw new InvalidDataException($"{path} has no column {name}.");
    }
}
