namespace Culprit.Engine.Ingestion;

/// <summary>What became of one event: accepted, or a code and the reason in words.</summary>
/// <param name="Code">One of <see cref="RejectionCodes"/>; null when accepted.</param>
/// <param name="Detail">For the sender: names the field and what is allowed.</param>
/// <param name="Consumed">Bytes read from the input; on a syntax error, where it was noticed.</param>
/// <param name="IsSyntax">The text itself is broken, so nothing after it in the same document can be trusted.</param>
internal readonly record struct ParseResult(string? Code, string? Detail, int Consumed, bool IsSyntax)
{
    public bool IsOk => Code is null;

    public static ParseResult Ok(int consumed) => new(null, null, consumed, false);

    public static ParseResult Rejected(string code, string detail, int consumed) => new(code, detail, consumed, false);

    public static ParseResult Broken(string code, string detail, int at) => new(code, detail, at, true);
}
