using System.Runtime.InteropServices;

namespace Culprit.Server.Journal;

/// <summary>Lays frames out for one gathering write: headers and small payloads side by side, big payloads where they are.</summary>
/// <remarks>Not thread-safe; the result is valid until the next call.</remarks>
internal sealed class FrameGather
{
    // Below this, copying costs less than one more part of the write (pinning and the kernel's walk).
    private const int CopyUpTo = 2048;

    private readonly List<ReadOnlyMemory<byte>> _parts = [];
    private byte[] _scratch = new byte[64 * 1024];

    public ReadOnlySpan<ReadOnlyMemory<byte>> Parts => CollectionsMarshal.AsSpan(_parts);

    /// <summary>Fills <see cref="Parts"/>.</summary>
    /// <returns>Bytes of all parts.</returns>
    public long Gather(ReadOnlySpan<StagedFrame> frames, uint salt)
    {
        Reserve(frames);
        _parts.Clear();
        var total = 0L;
        var start = 0;
        var at = 0;
        foreach (ref readonly var frame in frames)
        {
            var payload = frame.Payload;
            var sequence = frame.Entry.Sequence;
            var checksum = Frame.Checksum(frame.PayloadRegister, salt, payload.Length, frame.Kind, sequence);
            Frame.WriteHeader(_scratch.AsSpan(at), payload.Length, checksum, frame.Kind, sequence);
            at += Frame.HeaderBytes;
            total += Frame.HeaderBytes + payload.Length;
            if (payload.Length <= CopyUpTo)
            {
                payload.Span.CopyTo(_scratch.AsSpan(at));
                at += payload.Length;
                continue;
            }

            _parts.Add(_scratch.AsMemory(start, at - start));
            _parts.Add(payload);
            start = at;
        }

        if (at > start)
        {
            _parts.Add(_scratch.AsMemory(start, at - start));
        }

        return total;
    }

    private void Reserve(ReadOnlySpan<StagedFrame> frames)
    {
        var needed = 0;
        foreach (ref readonly var frame in frames)
        {
            needed += Frame.HeaderBytes + (frame.Payload.Length <= CopyUpTo ? frame.Payload.Length : 0);
        }

        if (needed > _scratch.Length)
        {
            _scratch = new byte[Math.Max(needed, 2 * _scratch.Length)];
        }
    }
}
