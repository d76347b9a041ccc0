using System.Buffers.Binary;
using Culprit.Engine.Records;
using Culprit.Server.Journal;

namespace Culprit.Server.HighAvailability;

/// <summary>Journal entries as they lie in one row of the shared log: u8 kind, i32 length, payload, one after the other.</summary>
/// <remarks>Kinds and payloads are those of the journal's frames, little endian. Sequences follow from that of the row; the database has the checksums.</remarks>
internal static class SharedLogFrames
{
    private const int HeaderBytes = 5;

    /// <summary>Bytes that the entry takes.</summary>
    public static int SizeOf(in JournalEntry entry) => HeaderBytes + (entry.Batch?.Bytes.Length ?? Frame.TickBytes);

    public static byte[] Write(IReadOnlyList<JournalEntry> entries)
    {
        var bytes = GC.AllocateUninitializedArray<byte>(entries.Sum(e => SizeOf(e)));
        var at = 0;
        foreach (var entry in entries)
        {
            var to = bytes.AsSpan(at, SizeOf(entry));
            to[0] = entry.Batch is null ? Frame.TickKind : Frame.BatchKind;
            BinaryPrimitives.WriteInt32LittleEndian(to[1..], to.Length - HeaderBytes);
            if (entry.Batch is { } batch)
            {
                batch.Bytes.Span.CopyTo(to[HeaderBytes..]);
            }
            else
            {
                BinaryPrimitives.WriteInt64LittleEndian(to[HeaderBytes..], entry.TickNanos);
            }

            at += to.Length;
        }

        return bytes;
    }

    /// <summary>The entries under their sequences; false when the bytes are not what <see cref="Write"/> made: what came before is in <paramref name="into"/>.</summary>
    /// <param name="first">Sequence of the first entry.</param>
    public static bool TryRead(ReadOnlyMemory<byte> bytes, long first, List<JournalEntry> into)
    {
        var next = first;
        while (!bytes.IsEmpty)
        {
            if (bytes.Length < HeaderBytes)
            {
                return false;
            }

            var kind = bytes.Span[0];
            var length = BinaryPrimitives.ReadInt32LittleEndian(bytes.Span[1..]);
            if (length < 0 || length > bytes.Length - HeaderBytes || !TryRead(kind, bytes.Slice(HeaderBytes, length), next, out var entry))
            {
                return false;
            }

            into.Add(entry);
            next = entry.LastSequence + 1;
            bytes = bytes[(HeaderBytes + length)..];
        }

        return true;
    }

    private static bool TryRead(byte kind, ReadOnlyMemory<byte> payload, long sequence, out JournalEntry entry)
    {
        entry = default;
        if (kind == Frame.TickKind && payload.Length == Frame.TickBytes)
        {
            entry = new JournalEntry(sequence, null, BinaryPrimitives.ReadInt64LittleEndian(payload.Span));
            return true;
        }

        if (kind != Frame.BatchKind || !RecordBatch.TryRead(payload, sequence, out var batch) || batch!.Count == 0)
        {
            return false;
        }

        entry = new JournalEntry(sequence, batch, 0);
        return true;
    }
}
