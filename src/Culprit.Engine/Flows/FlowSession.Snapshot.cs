using System.Text;
using Culprit.Engine.Patterns;

namespace Culprit.Engine.Flows;

/// <summary>Freezing a session, and bringing it back.</summary>
internal sealed partial class FlowSession
{
    /// <param name="kind">Number of its kind; 0 for none.</param>
    public void Save(SnapshotWriter writer, int kind)
    {
        writer.Bytes(Encoding.UTF8.GetBytes(id));
        writer.Number(kind);
        writer.Number((ulong)StartNanos);
        writer.Number((ulong)LastNanos);
        writer.Number(LastStep);
        writer.Number((ulong)DueNanos);
        writer.Flag(IsAwaited);
        writer.Flag(IsListed);
        writer.Flag(IsOpen);
        writer.Number(Waiting);
        writer.Number((ulong)Records);
        writer.Number(First is { } first ? 1 + (first ? 1 : 0) : 0);
        writer.Flag(IsLearned);
        writer.Number((int)Counted.Outcome);
        writer.Flag(Counted.IsSlow);
        writer.Number(Visits.Length);
        foreach (var visit in Visits)
        {
            writer.Number(visit.Step);
            writer.Number(visit.Times);
            writer.Number((ulong)visit.FirstNanos);
        }

        writer.Flag(Deviation is not null);
        if (Deviation is { } deviation)
        {
            writer.Number((int)deviation.Kind);
            writer.Number(deviation.Step);
            writer.Number(deviation.Missing + 1);
            writer.Number(deviation.Times);
            writer.Number((ulong)deviation.Cases);
            writer.Number((ulong)deviation.Of);
        }

        SavePause(writer);
    }

    public static FlowSession Load(ref SnapshotReader reader, List<FlowKind?> kinds)
    {
        var session = new FlowSession(Encoding.UTF8.GetString(reader.Bytes()))
        {
            Kind = kinds[reader.Number(kinds.Count - 1)],
            StartNanos = (long)reader.Number(),
            LastNanos = (long)reader.Number(),
            LastStep = reader.Number(FlowStepTable.MaxSteps),
            DueNanos = (long)reader.Number(),
            IsAwaited = reader.Flag(),
            IsListed = reader.Flag(),
            IsOpen = reader.Flag(),
            Waiting = reader.Number(int.MaxValue),
            Records = (long)reader.Number(),
            First = reader.Number(2) switch { 0 => null, var first => first == 2 },
            IsLearned = reader.Flag(),
            Counted = ((FlowOutcome)reader.Number((int)FlowOutcome.Broken), reader.Flag()),
        };
        for (var left = reader.Count(); left > 0; left--)
        {
            session.Add(new FlowVisit(reader.Number(FlowStepTable.MaxSteps), reader.Number(int.MaxValue), (long)reader.Number()));
        }

        if (reader.Flag())
        {
            session.Deviation = new FlowDeviation(
                (FlowDeviationKind)reader.Number((int)FlowDeviationKind.StepCount),
                reader.Number(FlowStepTable.MaxSteps),
                reader.Number(FlowStepTable.MaxSteps) - 1,
                reader.Number(int.MaxValue),
                (long)reader.Number(),
                (long)reader.Number());
        }

        session.RestorePause(ref reader);
        return session;
    }

    private void SavePause(SnapshotWriter writer)
    {
        writer.Flag(Pause is not null);
        if (Pause is { } pause)
        {
            writer.Number(pause.From);
            writer.Number(pause.To);
            writer.Number((ulong)pause.Nanos);
        }

        writer.Flag(Slow is not null);
        if (Slow is { } slow)
        {
            writer.Number((ulong)slow.UsualNanos);
            writer.Number((ulong)slow.Below);
            writer.Number((ulong)slow.AsSlow);
            writer.Number((ulong)slow.Of);
        }
    }

    private void RestorePause(ref SnapshotReader reader)
    {
        if (reader.Flag())
        {
            Pause = new FlowPause(reader.Number(FlowStepTable.MaxSteps), reader.Number(FlowStepTable.MaxSteps), (long)reader.Number());
        }

        if (reader.Flag() && Pause is { } pause)
        {
            Slow = new FlowSlowness(pause, (long)reader.Number(), (long)reader.Number(), (long)reader.Number(), (long)reader.Number());
        }
    }
}
