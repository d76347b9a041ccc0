namespace Culprit.Engine.Ingestion.Otlp;

/// <summary>Makes records of the items of one signal.</summary>
internal interface IOtlpMapper
{
    /// <summary>A body begins.</summary>
    void Begin(IEventIdFilter? ids);

    /// <summary>Reads one <c>LogRecord</c>, <c>Span</c> or <c>Metric</c>. What the item holds is counted and refused here.</summary>
    /// <param name="item">Not checked.</param>
    void Map(ReadOnlySpan<byte> item);

    /// <summary>The body has ended.</summary>
    void Finish();
}
