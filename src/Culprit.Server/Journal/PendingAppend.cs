using System.Buffers.Binary;
using Culprit.Engine.Records;

namespace Culprit.Server.Journal;

/// <summary>An append that waits for its group; the task is the caller's answer.</summary>
internal sealed class PendingAppend : TaskCompletionSource<AppendResult>
{
    // Asynchronous, so that no caller's code ever runs on the writer's thread.
    private PendingAppend(RecordBatch? batch, long tickNanos, ReadOnlyMemory<byte> payload)
        : base(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        Batch = batch;
        TickNanos = tickNanos;
        Payload = payload;
        PayloadRegister = Frame.PayloadRegister(payload.Span);
    }

    public RecordBatch? Batch { get; }

    /// <summary>Its records, unless they are only tried again.</summary>
    public int NewRecords => Batch is { IsRetry: false } batch ? batch.Count : 0;

    public long TickNanos { get; }

    public ReadOnlyMemory<byte> Payload { get; }

    public uint PayloadRegister { get; }

    public int FrameBytes => Frame.HeaderBytes + Payload.Length;

    public static PendingAppend Of(RecordBatch batch) => new(batch, 0, batch.Bytes);

    public static PendingAppend OfTick(long tickNanos)
    {
        var payload = new byte[Frame.TickBytes];
        BinaryPrimitives.WriteInt64LittleEndian(payload, tickNanos);
        return new PendingAppend(null, tickNanos, payload);
    }

    public StagedFrame Stage(long sequence) => new(
        Batch is null ? new JournalEntry(sequence, null, TickNanos) : new JournalEntry(sequence, Batch.At(sequence), 0),
        Payload,
        PayloadRegister);
}
