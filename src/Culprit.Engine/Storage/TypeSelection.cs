using System.Diagnostics.CodeAnalysis;
using System.Text;
using Culprit.Engine.Records;

namespace Culprit.Engine.Storage;

/// <summary>The types that a query names, split into kinds and the names of custom types.</summary>
/// <remarks>A custom event may call itself what it likes, so every name is also looked for among the custom types.</remarks>
internal sealed class TypeSelection
{
    private readonly bool[] _kinds = new bool[(int)EventKind.Custom + 1];
    private readonly byte[][] _custom;

    public TypeSelection(IReadOnlyList<string> types)
    {
        Names = types;
        _custom = new byte[types.Count][];
        for (var i = 0; i < types.Count; i++)
        {
            _custom[i] = Encoding.UTF8.GetBytes(types[i]);
            if (TryGetKind(types[i], out var kind))
            {
                _kinds[(int)kind.Value] = true;
            }
        }
    }

    public IReadOnlyList<string> Names { get; }

    /// <summary>The kinds that are asked for whole; never <see cref="EventKind.Custom"/>.</summary>
    public IEnumerable<EventKind> Kinds => Enum.GetValues<EventKind>().Where(k => _kinds[(int)k]);

    public bool Includes(in LogRecord record)
    {
        if (record.Kind != EventKind.Custom)
        {
            return _kinds[(int)record.Kind];
        }

        foreach (var name in _custom)
        {
            if (record.Type.SequenceEqual(name))
            {
                return true;
            }
        }

        return false;
    }

    private static bool TryGetKind(string type, [NotNullWhen(true)] out EventKind? kind)
    {
        kind = type switch
        {
            "log.entry" => EventKind.Log,
            "metric.value" => EventKind.Metric,
            "span" => EventKind.Span,
            "change" => EventKind.Change,
            _ => null,
        };
        return kind is not null;
    }
}
