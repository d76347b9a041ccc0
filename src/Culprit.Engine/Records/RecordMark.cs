namespace Culprit.Engine.Records;

/// <summary>What admission decided about a record that it let in: 8 bits beside the record's flags.</summary>
/// <param name="RetentionClass">0 (the default) to 7; what each number means is up to the store.</param>
/// <param name="WeightCode">See <see cref="SampleWeights"/>.</param>
internal readonly record struct RecordMark(int RetentionClass, int WeightCode)
{
    public const int Classes = 8;

    /// <summary>The bits of the record's flags field that are left to <see cref="RecordFlags"/>.</summary>
    internal const ushort FlagsMask = 0x00ff;

    private const int ClassShift = 8;
    private const int WeightShift = 11;

    /// <summary>Records that this one stands for.</summary>
    public int Weight => SampleWeights.Of(WeightCode);

    internal static RecordMark FromBits(ushort bits) => new((bits >> ClassShift) & (Classes - 1), bits >> WeightShift);

    internal ushort ToBits() => (ushort)((RetentionClass << ClassShift) | (WeightCode << WeightShift));
}
