namespace Culprit.Server.Journal;

/// <summary>An entry on its way to the disk, kept until a sync has returned 0 so that it can be written again elsewhere.</summary>
/// <param name="Entry">Under its final sequence.</param>
/// <param name="PayloadRegister">See <see cref="Frame.PayloadRegister"/>.</param>
internal readonly record struct StagedFrame(JournalEntry Entry, ReadOnlyMemory<byte> Payload, uint PayloadRegister)
{
    public byte Kind => Entry.Batch is null ? Frame.TickKind : Frame.BatchKind;
}
