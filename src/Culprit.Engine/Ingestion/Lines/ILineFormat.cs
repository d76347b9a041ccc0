namespace Culprit.Engine.Ingestion.Lines;

/// <summary>One way in which loggers write a record into a line.</summary>
/// <remarks>
/// Formats exclude one another by how a line begins, so the order in which they are tried changes speed, not results.
/// Stateful (scratch buffers): one instance belongs to one stream.
/// </remarks>
internal interface ILineFormat
{
    /// <summary>As shown to people: <c>json</c>, <c>syslog</c>.</summary>
    string Name { get; }

    /// <summary>Reads one line (valid UTF-8, no line break); false leaves <paramref name="fields"/> in no particular state.</summary>
    bool TryParse(ReadOnlySpan<byte> line, scoped ref LineFields fields);
}
