namespace Culprit.Engine.Ingestion.Mapping;

/// <summary>What became of one shipped entry.</summary>
internal enum EntryOutcome : byte
{
    /// <summary>It is a record, or the rest of the record before it.</summary>
    Taken,

    /// <summary>Its id is known: it was taken before.</summary>
    Duplicate,

    /// <summary>It could not be read as what it should be, and is kept as raw text.</summary>
    Raw,
}
