namespace Culprit.Engine.Ingestion;

/// <summary>Knows what events of declared types look like.</summary>
internal interface IEventTypeCheck
{
    /// <summary>What is wrong with an event, naming the field; null when it is as declared, or its type is not declared.</summary>
    /// <param name="json">The whole event as sent.</param>
    string? Check(ReadOnlySpan<byte> type, ReadOnlySpan<byte> json);
}
