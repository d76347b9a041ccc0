namespace Culprit.Engine.Detection;

/// <summary>The alarms of one detector, by what they are about; made when they are first asked for.</summary>
internal sealed class AlarmTable
{
    private readonly SortedDictionary<string, Alarm> _alarms = new(StringComparer.Ordinal);

    public Alarm Of(string key)
    {
        if (!_alarms.TryGetValue(key, out var alarm))
        {
            alarm = new Alarm();
            _alarms.Add(key, alarm);
        }

        return alarm;
    }

    /// <summary>All windows up to a step have been judged.</summary>
    /// <param name="open">Told of each alarm that was open, and when it was last beyond its limit.</param>
    public void Settle(long end, Action<string, long> open)
    {
        foreach (var (key, alarm) in _alarms.Where(a => a.Value.IsOpen))
        {
            alarm.Settle(end);
            open(key, alarm.LastReached);
        }
    }

    public IReadOnlyDictionary<string, Alarm> ToState() => _alarms;

    public void Restore(IReadOnlyDictionary<string, Alarm> state)
    {
        foreach (var (key, alarm) in state)
        {
            _alarms.Add(key, alarm);
        }
    }
}
