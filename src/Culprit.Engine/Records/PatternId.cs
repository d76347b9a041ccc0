using System.Globalization;

namespace Culprit.Engine.Records;

/// <summary>Names a pattern: a hash of its skeleton, the same in every process. Zero means "none".</summary>
internal readonly record struct PatternId(ulong Value)
{
    public bool IsNone => Value == 0;

    /// <summary>16 hex digits, as on the wire.</summary>
    public override string ToString() => Value.ToString("x16", CultureInfo.InvariantCulture);

    public static bool TryParse(string? text, out PatternId id)
    {
        id = default;
        if (text is not { Length: 16 }
            || !ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
        {
            return false;
        }

        id = new PatternId(value);
        return true;
    }
}
