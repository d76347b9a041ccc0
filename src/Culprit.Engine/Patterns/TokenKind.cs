namespace Culprit.Engine.Patterns;

/// <summary>What the scanner takes a token for. Everything from <see cref="Number"/> on is variable.</summary>
internal enum TokenKind : byte
{
    /// <summary>Constant text.</summary>
    Literal,

    /// <summary>Constant text that never becomes a variable: a field name of JSON, an exception's type, a stack frame.</summary>
    Fixed,

    /// <summary>A word with one digit, compared with that digit as 0: <c>eth0</c>, <c>sda1</c>.</summary>
    Numbered,

    /// <summary>Starts with a digit or a sign; may carry a unit.</summary>
    Number,

    /// <summary>A word that its shape or place gives away as a value: shown as it is until a second value is seen.</summary>
    Word,

    /// <summary>URL, path, address, date and the like: never shown.</summary>
    Masked,

    /// <summary>Several neighbouring variables seen as one.</summary>
    Run,
}
