namespace Culprit.Engine.Patterns;

/// <summary>A typed value in a message. Offsets into the message, nothing is copied.</summary>
/// <param name="Start">Where the value begins.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="KeyStart">Where the name before it begins (<c>user</c> in <c>user=7</c>).</param>
/// <param name="KeyLength">0 when it has no name.</param>
/// <param name="Value">Nanoseconds, bytes, port or number, as the kind says; 0 for the others.</param>
internal readonly record struct Parameter(ParameterKind Kind, int Start, int Length, int KeyStart, int KeyLength, double Value)
{
    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> message) => message.Slice(Start, Length);

    public ReadOnlySpan<byte> KeyOf(ReadOnlySpan<byte> message) => message.Slice(KeyStart, KeyLength);
}
