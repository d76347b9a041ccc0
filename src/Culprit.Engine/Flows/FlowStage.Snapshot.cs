using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using Culprit.Engine.Patterns;

namespace Culprit.Engine.Flows;

/// <summary>Freezing what is known of sessions, and bringing it back: going on gives the verdicts of never having stopped.</summary>
/// <remarks>Counts that nobody has drained are not kept. As large as the bounds of <see cref="FlowOptions"/>.</remarks>
internal sealed partial class FlowStage
{
    private const int SnapshotVersion = 2;
    private const int HashBytes = 8; // XXH3 of the rest comes first.

    public byte[] ToSnapshot()
    {
        var output = new ArrayBufferWriter<byte>(4096);
        var writer = new SnapshotWriter(output);
        writer.Number(SnapshotVersion);
        foreach (var number in (ReadOnlySpan<long>)[Unfollowed, SampledOut, TakenEarly, Forgotten, _arrival, _nowNanos, _endings, _judgeAt, _tickNanos])
        {
            writer.Number((ulong)number);
        }

        writer.Number((ulong)(_wrongSince ?? 0));

        _keys.Patterns.Save(writer);
        _sampler.Save(writer);
        _steps.Save(writer);
        _names.Save(writer);
        SaveSessions(writer, SaveKinds(writer));
        SaveQueues(writer);
        var frozen = new byte[HashBytes + output.WrittenCount];
        BinaryPrimitives.WriteUInt64LittleEndian(frozen, XxHash3.HashToUInt64(output.WrittenSpan));
        output.WrittenSpan.CopyTo(frozen.AsSpan(HashBytes));
        return frozen;
    }

    /// <summary>Fills a new stage; false (and then unusable) when the bytes cannot be read.</summary>
    public bool TryRestore(ReadOnlySpan<byte> snapshot)
    {
        if (snapshot.Length <= HashBytes || BinaryPrimitives.ReadUInt64LittleEndian(snapshot) != XxHash3.HashToUInt64(snapshot[HashBytes..]))
        {
            return false;
        }

        var reader = new SnapshotReader(snapshot[HashBytes..]);
        if (reader.Number() != SnapshotVersion)
        {
            return false;
        }

        Unfollowed = (long)reader.Number();
        SampledOut = (long)reader.Number();
        TakenEarly = (long)reader.Number();
        Forgotten = (long)reader.Number();
        _arrival = (long)reader.Number();
        _nowNanos = (long)reader.Number();
        _endings = (long)reader.Number();
        _judgeAt = (long)reader.Number();
        _tickNanos = (long)reader.Number();
        _wrongSince = (long)reader.Number() is > 0 and var since ? since : null;
        _keys.Patterns.Restore(ref reader);
        _sampler.Restore(ref reader);
        _steps.Restore(ref reader);
        _names.Restore(ref reader);
        RestoreSessions(ref reader, RestoreKinds(ref reader));
        return RestoreQueues(ref reader) && !reader.Failed && reader.AtEnd;
    }

    private Dictionary<FlowKind, int> SaveKinds(SnapshotWriter writer)
    {
        var numbers = new Dictionary<FlowKind, int>();
        writer.Number(_kinds.Count);
        foreach (var kind in _kinds.Values)
        {
            numbers.Add(kind, numbers.Count + 1); // 0 is for none.
            kind.Save(writer);
        }

        return numbers;
    }

    private List<FlowKind?> RestoreKinds(ref SnapshotReader reader)
    {
        List<FlowKind?> kinds = [null];
        for (var left = reader.Count(); left > 0 && !reader.Failed; left--)
        {
            var kind = FlowKind.Load(ref reader, options, _room);
            _kinds[(kind.Key, kind.Entry)] = kind;
            kinds.Add(kind);
        }

        return kinds;
    }

    private void SaveSessions(SnapshotWriter writer, Dictionary<FlowKind, int> kinds)
    {
        writer.Number(_sessions.Count);
        foreach (var (hash, session) in _sessions)
        {
            writer.Hash(hash);
            session.Save(writer, session.Kind is { } kind ? kinds[kind] : 0);
        }
    }

    private void RestoreSessions(ref SnapshotReader reader, List<FlowKind?> kinds)
    {
        for (var left = reader.Count(); left > 0 && !reader.Failed; left--)
        {
            var session = _sessions[reader.Hash()] = FlowSession.Load(ref reader, kinds);
            if (session.Kind is { } kind)
            {
                kind.Remembered++;
            }
        }

        CountOutside(-1);
    }

    private void SaveQueues(SnapshotWriter writer)
    {
        writer.Number(_ended.Count);
        foreach (var hash in _ended)
        {
            writer.Hash(hash);
        }

        writer.Number(_due.Count);
        foreach (var ((_, hash), (due, _)) in _due.UnorderedItems)
        {
            writer.Hash(hash);
            writer.Number((ulong)due);
        }

        writer.Number(_waiting.Count);
        foreach (var (next, (_, arrival)) in _waiting.UnorderedItems)
        {
            writer.Hash(next.Hash);
            writer.Bytes(Encoding.UTF8.GetBytes(next.Key));
            next.Step.Save(writer);
            writer.Flag(next.IsTrouble);
            writer.Number((ulong)next.TimeNanos);
            writer.Number((ulong)arrival);
        }
    }

    private bool RestoreQueues(ref SnapshotReader reader)
    {
        for (var left = reader.Count(); left > 0; left--)
        {
            _ended.Enqueue(reader.Hash());
        }

        for (var left = reader.Count(); left > 0; left--)
        {
            var (hash, due) = (reader.Hash(), (long)reader.Number());
            if (!_sessions.TryGetValue(hash, out var session))
            {
                return false;
            }

            _due.Enqueue((session, hash), (due, hash));
        }

        for (var left = reader.Count(); left > 0; left--)
        {
            var hash = reader.Hash();
            var (key, step) = (Encoding.UTF8.GetString(reader.Bytes()), FlowStep.Load(ref reader));
            var isTrouble = reader.Flag();
            var (time, arrival) = ((long)reader.Number(), (long)reader.Number());
            if (!_sessions.TryGetValue(hash, out var session))
            {
                return false;
            }

            _waiting.Enqueue(new FlowEvent(session, hash, key, step, isTrouble, time), (time, arrival));
        }

        return _ended.All(_sessions.ContainsKey);
    }
}
