using System.Diagnostics.Metrics;

namespace Culprit.Server.Export.Datadog;

/// <summary>Reads every instrument of a meter; of counters, what was added since the last reading.</summary>
/// <remarks>Not thread-safe. Bounded like the meter's own label sets.</remarks>
internal sealed class MeterReading : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly Dictionary<string, double> _totals = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DatadogSample> _samples = new(StringComparer.Ordinal);

    public MeterReading(Meter meter)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter, meter) && instrument.IsObservable)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
    }

    public IReadOnlyList<DatadogSample> Read()
    {
        _samples.Clear();
        _listener.RecordObservableInstruments();
        var read = new List<DatadogSample>(_samples.Count);
        foreach (var (key, sample) in _samples)
        {
            if (!sample.IsCount)
            {
                read.Add(sample);
                continue;
            }

            read.Add(sample with { Value = sample.Value - _totals.GetValueOrDefault(key) });
            _totals[key] = sample.Value;
        }

        return read;
    }

    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> labels)
    {
        var tags = new string[labels.Length];
        for (var i = 0; i < tags.Length; i++)
        {
            tags[i] = DatadogTag.Of(labels[i].Key, labels[i].Value as string);
        }

        // Labels that differ may be the same tags: then they are one series.
        var key = instrument.Name + '\n' + string.Join('\n', tags);
        var isCount = instrument is ObservableCounter<long>;
        if (isCount && _samples.TryGetValue(key, out var other))
        {
            value += other.Value;
        }

        _samples[key] = new DatadogSample(instrument.Name, isCount, UnitOf(instrument), tags, value);
    }

    // Datadog refuses no unit, but only knows its own list.
    private static string? UnitOf(Instrument instrument) => instrument.Unit switch
    {
        "By" => "byte",
        "s" => "second",
        _ => null,
    };
}
