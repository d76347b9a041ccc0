namespace Culprit.Engine.Detection;

/// <summary>Records of one call that were stored but reached no detector, by reason.</summary>
/// <param name="Filtered">Their source did not match the source filter.</param>
/// <param name="Late">Older than the newest tick by more than the lateness.</param>
/// <param name="NoRoom">Of an environment beyond the limit.</param>
/// <param name="PassedOver">Dead letters: the engine failed at them too often.</param>
internal readonly record struct SkippedRecords(long Filtered, long Late, long NoRoom, long PassedOver = 0);
