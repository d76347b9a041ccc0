using Culprit.Engine.Patterns;
using Culprit.Engine.Records;

namespace Culprit.Engine.Detection;

/// <summary>Reads the durations that messages state: a few messages of each pattern and second, so that the hot path stays fast.</summary>
/// <remarks>
/// A pattern whose first <see cref="MaxFruitless"/> messages state none is not looked at again. Bounded: <see cref="MaxPatterns"/>
/// patterns; further ones are not read. Of several durations in a message the longest counts: it is the whole of which the others are parts.
/// </remarks>
internal sealed class DurationReader
{
    internal const int PerSecond = 4;
    internal const int MaxFruitless = 8;
    internal const int MaxPatterns = 2000;

    private readonly ParameterScanner _scanner = new();
    private readonly Dictionary<PatternId, Look> _looks = [];

    /// <summary>Whether a message of this pattern should be read in this second.</summary>
    public bool Wants(PatternId pattern, long second)
    {
        ref var look = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_looks, pattern, out var known);
        if (!known && _looks.Count > MaxPatterns)
        {
            _looks.Remove(pattern);
            return false;
        }

        if (look.Fruitless >= MaxFruitless)
        {
            return false;
        }

        if (look.Second != second)
        {
            look.Second = second;
            look.InSecond = 0;
        }

        return look.InSecond++ < PerSecond;
    }

    /// <summary>The longest duration that the message states, in nanoseconds; null when there is none.</summary>
    public double? Read(PatternId pattern, ReadOnlySpan<byte> message)
    {
        double? longest = null;
        foreach (var parameter in _scanner.Extract(message))
        {
            if (parameter.Kind == ParameterKind.Duration && parameter.Value >= 0 && !(parameter.Value <= longest))
            {
                longest = parameter.Value;
            }
        }

        ref var look = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_looks, pattern, out _);
        look.Fruitless = longest is null ? look.Fruitless + 1 : 0;
        return longest;
    }

    public IReadOnlyList<DurationLook> ToState() =>
        [.. _looks.Select(l => new DurationLook(l.Key.Value, l.Value.Fruitless, l.Value.InSecond, l.Value.Second))];

    public void Restore(IReadOnlyList<DurationLook> state)
    {
        foreach (var look in state)
        {
            _looks[new PatternId(look.Pattern)] = new Look { Fruitless = look.Fruitless, InSecond = look.InSecond, Second = look.Second };
        }
    }

    private struct Look
    {
        public int Fruitless;
        public int InSecond;
        public long Second;
    }
}

/// <summary>What a <see cref="DurationReader"/> knows of one pattern.</summary>
internal readonly record struct DurationLook(ulong Pattern, int Fruitless, int InSecond, long Second);
