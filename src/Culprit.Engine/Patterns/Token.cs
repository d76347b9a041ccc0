namespace Culprit.Engine.Patterns;

/// <summary>One token of a scanned line, with the separators before it. Offsets into the scanned bytes.</summary>
internal struct Token
{
    public int SeparatorStart;
    public int Start;
    public int End;
    public TokenKind Kind;

    /// <summary>A variable after this separator joins a variable before it.</summary>
    public bool Joins;

    /// <summary>Bytes at the end that are a unit (with the space before it).</summary>
    public byte UnitLength;

    public ulong SeparatorHash;
    public ulong Hash;

    public readonly bool IsVariable => Kind >= TokenKind.Number;
}
