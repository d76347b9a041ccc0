using System.Text;
using Culprit.Engine.Patterns;
using Culprit.Engine.Records;

namespace Culprit.Server.Patterns;

/// <summary>What was counted of one pattern.</summary>
internal sealed class PatternEntry
{
    private const int MaxPlaces = 12;
    private const int MaxServices = 16;

    private readonly SortedSet<string> _services;
    private readonly List<ParameterTally> _parameters;

    public PatternEntry(PatternId id, string sample)
    {
        Id = id;
        Sample = sample;
        _services = new SortedSet<string>(StringComparer.Ordinal);
        _parameters = [];
    }

    /// <summary>The same under the id that its pattern has by now.</summary>
    public PatternEntry(PatternId id, PatternEntry known)
    {
        Id = id;
        Sample = known.Sample;
        (Count, FirstNanos, LastNanos, Sampled) = (known.Count, known.FirstNanos, known.LastNanos, known.Sampled);
        _services = known._services;
        _parameters = known._parameters;
    }

    public PatternId Id { get; }

    /// <summary>One record of it.</summary>
    public string Sample { get; }

    /// <summary>Set when all records are known.</summary>
    public string Text { get; set; } = string.Empty;

    public long Count { get; private set; }

    public long FirstNanos { get; private set; } = long.MaxValue;

    public long LastNanos { get; private set; } = long.MinValue;

    /// <summary>Records whose parameters were looked at.</summary>
    public long Sampled { get; private set; }

    /// <summary>At most 16.</summary>
    public IReadOnlyCollection<string> Services => _services;

    public IReadOnlyList<ParameterTally> Parameters => _parameters;

    public void Observe(string service, long timeNanos)
    {
        Count++;
        FirstNanos = Math.Min(FirstNanos, timeNanos);
        LastNanos = Math.Max(LastNanos, timeNanos);
        if (_services.Count < MaxServices)
        {
            _services.Add(service);
        }
    }

    /// <returns>Places that are new.</returns>
    public int Describe(IReadOnlyList<Parameter> parameters, ReadOnlySpan<byte> message)
    {
        Sampled++;
        var before = _parameters.Count;
        for (var i = 0; i < Math.Min(parameters.Count, MaxPlaces); i++)
        {
            if (i == _parameters.Count)
            {
                _parameters.Add(new ParameterTally(Encoding.UTF8.GetString(parameters[i].KeyOf(message))));
            }

            _parameters[i].Add(parameters[i], message);
        }

        return _parameters.Count - before;
    }

    /// <summary>Takes in what turned out to be the same pattern. Its parameters stay out: their places may differ.</summary>
    public void Merge(PatternEntry other)
    {
        Count += other.Count;
        FirstNanos = Math.Min(FirstNanos, other.FirstNanos);
        LastNanos = Math.Max(LastNanos, other.LastNanos);
        _services.UnionWith(other.Services.Take(MaxServices - _services.Count));
    }
}
