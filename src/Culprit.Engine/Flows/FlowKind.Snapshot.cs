using System.Text;
using Culprit.Engine.Patterns;

namespace Culprit.Engine.Flows;

/// <summary>Freezing what is usual, and bringing it back.</summary>
internal sealed partial class FlowKind
{
    public void Save(SnapshotWriter writer)
    {
        writer.Hash(id);
        writer.Bytes(Encoding.UTF8.GetBytes(key));
        writer.Number(entry);
        writer.Number((ulong)firstNanos);
        writer.Number((ulong)_idleNanos);
        writer.Number((ulong)_endedSinceIdle);
        writer.Number((ulong)_returnsSinceIdle);
        writer.Number((ulong)Sessions);
        writer.Number((ulong)LastNanos);
        writer.Number(_steps.Count);
        foreach (var (step, statistics) in _steps)
        {
            writer.Number(step);
            statistics.Save(writer);
        }

        writer.Number(_pairs.Count);
        foreach (var ((from, to), pauses) in _pairs)
        {
            writer.Number(from);
            writer.Number(to);
            pauses.Save(writer);
        }
    }

    public static FlowKind Load(ref SnapshotReader reader, FlowOptions options, FlowRoom room)
    {
        var id = reader.Hash();
        var key = Encoding.UTF8.GetString(reader.Bytes());
        var kind = new FlowKind(options, room, id, key, reader.Number(FlowStepTable.MaxSteps), (long)reader.Number())
        {
            _idleNanos = (long)reader.Number(),
            _endedSinceIdle = (long)reader.Number(),
            _returnsSinceIdle = (long)reader.Number(),
            Sessions = (long)reader.Number(),
            LastNanos = (long)reader.Number(),
        };
        for (var left = reader.Count(); left > 0 && !reader.Failed; left--)
        {
            var statistics = kind._steps[reader.Number(FlowStepTable.MaxSteps)] = new FlowStepStatistics(0);
            statistics.Restore(ref reader);
        }

        for (var left = reader.Count(); left > 0 && !reader.Failed; left--)
        {
            var pair = (reader.Number(FlowStepTable.MaxSteps), reader.Number(FlowStepTable.MaxSteps));
            var pauses = kind._pairs[pair] = new FlowPauses();
            pauses.Restore(ref reader);
        }

        room.Left -= kind.Statistics;
        return kind;
    }
}
