namespace Culprit.Engine.Detection.TraceShift;

/// <summary>What the traces of a window say about one service.</summary>
/// <param name="IsTime">It takes longer; otherwise it fails or does something else.</param>
/// <param name="Weight">How directly it points at the service: 1 for requests that go wrong there, less for what may only be felt there.</param>
/// <param name="Score">Standard deviations, times the share of requests that changed.</param>
/// <param name="Requests">How many of the window show it.</param>
/// <param name="Text">In words and numbers.</param>
internal sealed record TraceSign(string Service, bool IsTime, double Weight, double Score, int Requests, string Text)
{
    /// <summary>Something that requests always did is left out, and nothing says that it failed.</summary>
    public bool IsLeftOut { get; init; }
}
