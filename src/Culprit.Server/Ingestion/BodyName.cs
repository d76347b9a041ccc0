using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using Culprit.Engine.Records;

namespace Culprit.Server.Ingestion;

/// <summary>What a body is known by when its sender names neither it nor its events: the hash of its bytes and of where they were sent.</summary>
/// <remarks>
/// It is durable in the note of the journal's entry: u8 kind (2); 16 bytes hash, little endian. Among <see cref="RecentIds"/> it is
/// known as long as an event's id is.
/// </remarks>
internal sealed class BodyName
{
    private const byte Kind = 2;
    private const int NoteBytes = 17;

    private readonly byte[] _note;

    private BodyName(byte[] note) => _note = note;

    /// <summary>The note; that it begins with no letter keeps it apart from every id that a sender may give.</summary>
    public ReadOnlySpan<byte> Bytes => _note;

    /// <param name="scope">What else makes two requests different: protocol, path, parameters that change the records.</param>
    public static BodyName Of(ReadOnlySpan<byte> body, string scope)
    {
        var note = new byte[NoteBytes];
        note[0] = Kind;
        var seed = (long)XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(scope));
        BinaryPrimitives.WriteUInt128LittleEndian(note.AsSpan(1), XxHash128.HashToUInt128(body, seed));
        return new BodyName(note);
    }

    /// <summary>Null when the batch has no such note.</summary>
    public static BodyName? Read(RecordBatch batch) =>
        batch.Note is { Length: NoteBytes } note && note.Span[0] == Kind ? new BodyName(note.ToArray()) : null;

    public byte[] ToNote() => _note;
}
