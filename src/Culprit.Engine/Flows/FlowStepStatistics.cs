using Culprit.Engine.Patterns;

namespace Culprit.Engine.Flows;

/// <summary>How the sessions of one kind do one step.</summary>
/// <param name="sessionsBefore">Sessions of the kind when the step was first taken.</param>
internal sealed class FlowStepStatistics(long sessionsBefore)
{
    /// <summary>More occurrences than this count as this many.</summary>
    internal const int MaxTimes = 20;

    private readonly long[] _times = new long[MaxTimes + 1];
    private readonly Dictionary<int, long> _endedWith = [];

    /// <summary>How long sessions were silent after the step before they went on.</summary>
    public FlowPauses Pauses { get; } = new();

    /// <summary>Sessions that have the step.</summary>
    public long Sessions { get; private set; }

    /// <summary>Sessions of the kind when the step was first taken.</summary>
    public long SessionsBefore { get; private set; } = sessionsBefore;

    /// <summary>It has been a warning or worse.</summary>
    public bool IsTrouble { get; set; }

    /// <summary>Ended sessions of which it is the last.</summary>
    public long Last { get; set; }

    /// <summary>Ended sessions that have it.</summary>
    public long Ended { get; private set; }

    /// <summary>Sessions that have it the commonest number of times.</summary>
    public long CommonestTimes => _times.Max();

    public long WithTimes(int times) => _times[Math.Min(times, MaxTimes)];

    /// <summary>Ended sessions that have both.</summary>
    public long EndedWith(int other) => _endedWith.GetValueOrDefault(other);

    /// <summary>A session has the step so often; the last such call counts.</summary>
    public void Occurred(int times)
    {
        if (times == 1)
        {
            Sessions++;
        }
        else
        {
            _times[Math.Min(times - 1, MaxTimes)]--;
        }

        _times[Math.Min(times, MaxTimes)]++;
    }

    /// <summary>An ended session has it so often, or (<paramref name="sign"/> -1) has not ended after all.</summary>
    public void Occurred(int times, int sign)
    {
        Sessions += sign;
        _times[Math.Min(times, MaxTimes)] += sign;
    }

    public void Ends(FlowSession session, int sign)
    {
        Ended += sign;
        foreach (var visit in session.Visits)
        {
            _endedWith[visit.Step] = _endedWith.GetValueOrDefault(visit.Step) + sign;
        }
    }

    public void Save(SnapshotWriter writer)
    {
        writer.Number((ulong)Sessions);
        writer.Number((ulong)SessionsBefore);
        writer.Flag(IsTrouble);
        writer.Number((ulong)Last);
        writer.Number((ulong)Ended);
        foreach (var times in _times)
        {
            writer.Number((ulong)times);
        }

        Pauses.Save(writer);
        writer.Number(_endedWith.Count);
        foreach (var (other, ended) in _endedWith)
        {
            writer.Number(other);
            writer.Number((ulong)ended);
        }
    }

    public void Restore(ref SnapshotReader reader)
    {
        Sessions = (long)reader.Number();
        SessionsBefore = (long)reader.Number();
        IsTrouble = reader.Flag();
        Last = (long)reader.Number();
        Ended = (long)reader.Number();
        for (var i = 0; i < _times.Length; i++)
        {
            _times[i] = (long)reader.Number();
        }

        Pauses.Restore(ref reader);
        for (var left = reader.Count(); left > 0; left--)
        {
            _endedWith[reader.Number(FlowStepTable.MaxSteps)] = (long)reader.Number();
        }
    }
}
