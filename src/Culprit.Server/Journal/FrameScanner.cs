using System.Buffers.Binary;
using Culprit.Engine.Records;

namespace Culprit.Server.Journal;

/// <summary>Walks the frames of one segment, and finds the next good one after damage.</summary>
/// <remarks>
/// Reads any bytes without an exception. Sequences have no gaps inside a segment, so a frame is believed only
/// where its sequence can stand: right after the last good frame, or after damage that is large enough to have held what is missing.
/// Not thread-safe. Memory: one window and the payload being read.
/// </remarks>
internal sealed class FrameScanner(IJournalFile file, SegmentHeader header)
{
    private const int WindowBytes = 256 * 1024;

    // Bounds the work that hostile text can cause by looking like many headers of long frames: about a second of checksums.
    private const long SearchBudget = 4L * 1024 * 1024 * 1024;

    private readonly byte[] _window = new byte[WindowBytes];
    private long _windowStart;
    private int _windowLength;
    private long _goodEnd = SegmentHeader.TotalBytes;
    private long _searched;
    private byte[]? _searchBuffer;

    /// <summary>Where the next step looks.</summary>
    public long Offset { get; private set; } = SegmentHeader.TotalBytes;

    /// <summary>The sequence after the last good entry.</summary>
    public long Expected { get; private set; } = header.First;

    /// <summary>Takes one step.</summary>
    /// <param name="end">No byte at or behind this offset is looked at.</param>
    /// <param name="limit">First sequence that belongs to the next segment: what repeats it here was never acknowledged.</param>
    public ScanStep Next(long end, long limit)
    {
        if (Offset >= end || Expected >= limit)
        {
            return new ScanStep(ScanOutcome.End, default, Offset, 0, FrameFault.None);
        }

        var start = Offset;
        var fault = ReadFrame(end, limit, out var entry);
        if (fault == FrameFault.None)
        {
            return new ScanStep(ScanOutcome.Entry, entry, start, Offset - start, FrameFault.None);
        }

        var next = Find(start + 1, end, limit);
        Offset = next ?? end;
        return new ScanStep(
            next is null ? ScanOutcome.Tail : ScanOutcome.Damage, default, start, Offset - start, fault);
    }

    private FrameFault ReadFrame(long end, long limit, out JournalEntry entry)
    {
        entry = default;
        var window = Window(Offset, end);
        if (window.Length < Frame.HeaderBytes)
        {
            return FrameFault.Torn;
        }

        var frame = Frame.ReadHeader(window);
        var fault = Check(frame, Offset, end, limit);
        if (fault != FrameFault.None)
        {
            return fault;
        }

        var payload = GC.AllocateUninitializedArray<byte>(frame.Length);
        var buffered = Math.Min(frame.Length, window.Length - Frame.HeaderBytes);
        window.Slice(Frame.HeaderBytes, buffered).CopyTo(payload);
        if (buffered < frame.Length
            && file.Read(payload.AsSpan(buffered), Offset + Frame.HeaderBytes + buffered) < frame.Length - buffered)
        {
            return FrameFault.Torn;
        }

        if (Frame.Checksum(Frame.PayloadRegister(payload), header.Salt, frame.Length, frame.Kind, frame.Sequence)
            != frame.Checksum)
        {
            return FrameFault.BadChecksum;
        }

        if (!TryDecode(frame, payload, limit, out entry))
        {
            return FrameFault.BadPayload;
        }

        Offset += Frame.HeaderBytes + frame.Length;
        _goodEnd = Offset;
        Expected = entry.LastSequence + 1;
        return FrameFault.None;
    }

    private static bool TryDecode(FrameHeader frame, byte[] payload, long limit, out JournalEntry entry)
    {
        entry = default;
        if (frame.Kind == Frame.TickKind)
        {
            entry = new JournalEntry(frame.Sequence, null, BinaryPrimitives.ReadInt64LittleEndian(payload));
            return true;
        }

        if (!RecordBatch.TryRead(payload, frame.Sequence, out var batch) || batch!.Count == 0 || batch.LastSequence >= limit)
        {
            return false;
        }

        entry = new JournalEntry(frame.Sequence, batch, 0);
        return true;
    }

    private FrameFault Check(FrameHeader frame, long offset, long end, long limit)
    {
        var mostLost = (offset - _goodEnd) / Frame.MinBytesPerSequence;
        var isPlausible = frame.Kind switch
        {
            Frame.BatchKind => frame.Length >= RecordBatch.HeaderBytes,
            Frame.TickKind => frame.Length == Frame.TickBytes,
            _ => false,
        };
        if (!isPlausible || frame.Sequence < Expected || frame.Sequence - Expected > mostLost || frame.Sequence >= limit)
        {
            return FrameFault.BadHeader;
        }

        return frame.Length > end - offset - Frame.HeaderBytes ? FrameFault.Torn : FrameFault.None;
    }

    // Byte by byte: a damaged length cannot be trusted to lead to the next frame.
    private long? Find(long from, long end, long limit)
    {
        for (var at = from; _searched < SearchBudget;)
        {
            var window = Window(at, end);
            var places = window.Length - Frame.HeaderBytes + 1;
            for (var i = 0; i < places; i++)
            {
                if (window[i + 8] is not (Frame.BatchKind or Frame.TickKind))
                {
                    continue;
                }

                var frame = Frame.ReadHeader(window[i..]);
                if (Check(frame, at + i, end, limit) == FrameFault.None && IsWhole(frame, at + i))
                {
                    return at + i;
                }
            }

            if (places <= 0)
            {
                return null;
            }

            at += places;
        }

        return null;
    }

    // Reads in pieces: a candidate's length is not to be trusted with memory.
    private bool IsWhole(FrameHeader frame, long offset)
    {
        _searchBuffer ??= new byte[WindowBytes];
        _searched += frame.Length;
        var register = Crc32C.Start;
        for (var done = 0; done < frame.Length;)
        {
            var piece = _searchBuffer.AsSpan(0, Math.Min(WindowBytes, frame.Length - done));
            if (_searched > SearchBudget || file.Read(piece, offset + Frame.HeaderBytes + done) < piece.Length)
            {
                return false;
            }

            register = Crc32C.Append(register, piece);
            done += piece.Length;
        }

        return Frame.Checksum(register, header.Salt, frame.Length, frame.Kind, frame.Sequence) == frame.Checksum;
    }

    // The bytes from an offset on, as many as are buffered: at least a header unless the end is nearer.
    private ReadOnlySpan<byte> Window(long offset, long end)
    {
        var wanted = (int)Math.Min(Frame.HeaderBytes, end - offset);
        if (offset < _windowStart || offset + wanted > _windowStart + _windowLength)
        {
            var length = (int)Math.Max(0, Math.Min(WindowBytes, end - offset));
            _windowStart = offset;
            _windowLength = file.Read(_window.AsSpan(0, length), offset);
        }

        var from = (int)(offset - _windowStart);
        return _window.AsSpan(from, (int)Math.Max(0, Math.Min(_windowLength - from, end - offset)));
    }
}
