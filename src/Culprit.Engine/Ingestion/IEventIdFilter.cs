namespace Culprit.Engine.Ingestion;

/// <summary>Tells which events were seen before; asked once for every acceptable event that has an id.</summary>
internal interface IEventIdFilter
{
    /// <summary>True when the id was accepted before (or earlier in this batch) and must not be counted again.</summary>
    bool IsRepeat(ReadOnlySpan<byte> id);
}
