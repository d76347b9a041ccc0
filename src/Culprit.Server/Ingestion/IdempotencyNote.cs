using System.Buffers.Binary;
using System.Text;
using Culprit.Engine.Records;

namespace Culprit.Server.Ingestion;

/// <summary>A key as it stands in the journal, in the entry of the records that came with it: both are durable, or neither.</summary>
/// <remarks>
/// Encoding, little endian: u8 kind (1); u16 status, 0 when the answer follows from the record; u16 length of the key;
/// 16 bytes hash of the body; the key in UTF-8; the answer.
/// </remarks>
/// <param name="Answer">Null for a lone event: the answer is its id, which only the journal gives.</param>
internal sealed record IdempotencyNote(string Key, UInt128 BodyHash, StoredAnswer? Answer)
{
    private const byte Kind = 1;
    private const int HeaderBytes = 21;

    public byte[] ToBytes()
    {
        var keyBytes = Encoding.UTF8.GetByteCount(Key);
        var answer = Answer?.Body ?? default;
        var bytes = new byte[HeaderBytes + keyBytes + answer.Length];
        bytes[0] = Kind;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(1), (ushort)(Answer?.Status ?? 0));
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(3), (ushort)keyBytes);
        BinaryPrimitives.WriteUInt128LittleEndian(bytes.AsSpan(5), BodyHash);
        Encoding.UTF8.GetBytes(Key, bytes.AsSpan(HeaderBytes));
        answer.Span.CopyTo(bytes.AsSpan(HeaderBytes + keyBytes));
        return bytes;
    }

    /// <summary>Null when the batch came without a key.</summary>
    /// <param name="journalId">Part of the ids of records that their senders did not name.</param>
    public static KeptKey? Read(RecordBatch batch, ulong journalId)
    {
        var note = batch.Note.Span;
        if (note.Length < HeaderBytes || note[0] != Kind)
        {
            return null;
        }

        var status = BinaryPrimitives.ReadUInt16LittleEndian(note[1..]);
        var keyBytes = BinaryPrimitives.ReadUInt16LittleEndian(note[3..]);
        if (keyBytes > note.Length - HeaderBytes)
        {
            return null;
        }

        var answer = status == 0
            ? EventAnswers.Published(RecordId.Of(batch[0], journalId))
            : new StoredAnswer(status, batch.Note[(HeaderBytes + keyBytes)..].ToArray());
        return new KeptKey(
            Encoding.UTF8.GetString(note.Slice(HeaderBytes, keyBytes)),
            BinaryPrimitives.ReadUInt128LittleEndian(note[5..]),
            answer,
            batch.ReceivedNanos);
    }
}
