namespace Culprit.Engine.Patterns;

/// <summary>What is known about a variable place of a skeleton.</summary>
internal enum SlotState : byte
{
    /// <summary>No place for values: constant text.</summary>
    None,

    /// <summary>One value so far, shown as text.</summary>
    Constant,

    /// <summary>The number varies (or would), its unit does not: only the unit is shown.</summary>
    Unit,

    /// <summary>Shown as <c>&lt;*&gt;</c>.</summary>
    Varied,
}

/// <summary>One token of a kept skeleton. Offsets into <see cref="Skeleton.Bytes"/>.</summary>
internal struct Piece
{
    public int SeparatorStart;
    public int Start;
    public int End;
    public TokenKind Kind;
    public SlotState State;
    public bool Joins;

    /// <summary>A variable that also covers separators which part variables elsewhere.</summary>
    public bool Spans;

    public ulong SeparatorHash;
    public ulong Hash;

    public readonly bool IsVariable => Kind >= TokenKind.Number;
}
