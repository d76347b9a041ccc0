using System.IO.Hashing;
using System.Text;
using Culprit.Engine.Patterns;

namespace Culprit.Server.Patterns;

/// <summary>What was seen at one variable place of a pattern.</summary>
internal sealed class ParameterTally(string name)
{
    internal const int MaxDistinct = 256;
    internal const int MaxTop = 16;
    private const int MaxTextBytes = 64;

    private readonly int[] _kinds = new int[(int)ParameterKind.Text + 1];
    private readonly HashSet<ulong> _distinct = [];
    private readonly Dictionary<string, long> _top = new(StringComparer.Ordinal);

    /// <summary>The key before it (<c>user</c> in <c>user=7</c>); empty when it has none.</summary>
    public string Name => name;

    /// <summary>The commonest kind.</summary>
    public ParameterKind Kind => (ParameterKind)Array.IndexOf(_kinds, _kinds.Max());

    public ThinnedValues Numbers { get; } = new();

    /// <summary>Different values; <see cref="MaxDistinct"/> stands for that many or more.</summary>
    public int Distinct => _distinct.Count;

    /// <summary>Values that were seen more than once, the commonest first; only among the first few different ones.</summary>
    public IEnumerable<KeyValuePair<string, long>> Top =>
        _top.Where(t => t.Value > 1).OrderByDescending(t => t.Value).ThenBy(t => t.Key, StringComparer.Ordinal).Take(3);

    public void Add(in Parameter parameter, ReadOnlySpan<byte> message)
    {
        _kinds[(int)parameter.Kind]++;
        if (parameter.Kind is ParameterKind.Number or ParameterKind.Duration or ParameterKind.Size)
        {
            Numbers.Add(parameter.Value);
        }

        var value = parameter.Of(message);
        if (_distinct.Count < MaxDistinct)
        {
            _distinct.Add(XxHash3.HashToUInt64(value));
        }

        var text = Encoding.UTF8.GetString(value.Length > MaxTextBytes ? value[..MaxTextBytes] : value);
        if (_top.TryGetValue(text, out var count) || _top.Count < MaxTop)
        {
            _top[text] = count + 1;
        }
    }
}
