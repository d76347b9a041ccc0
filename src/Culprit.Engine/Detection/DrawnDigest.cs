namespace Culprit.Engine.Detection;

/// <summary>A digest on its way from a service to its environment.</summary>
internal readonly record struct DrawnDigest(string Environment, ServiceDigest Digest);
