using VizPipeline.Images;

namespace VizPipeline.Cli.Doctor;

/// <summary>Checks the folders for atlases and the crop cache.</summary>
internal static class FolderChecks
{
    private const double Gibibyte = 1L << 30;

    public static IEnumerable<CheckResult> Run() =>
    [
        CheckResult.Run("cache folder", () => Check(
            new DiskBudget().Folder, "set VIZ_CACHE to another folder; without a cache every pass decodes the images again")),
        CheckResult.Run("current folder", () => Check(Environment.CurrentDirectory, "write atlases to another folder")),
    ];

    private static (Health, string) Check(string folder, string remedy)
    {
        var before = Existing(folder);
        try
        {
            Directory.CreateDirectory(folder);
            var probe = Path.Combine(folder, $".viz-doctor-{Environment.ProcessId}");
            File.WriteAllBytes(probe, new byte[4096]);
            File.Delete(probe);
            var free = new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace / Gibibyte;
            return free < 1
                ? (Health.Warn, $"{folder}: writable, but only {free:0.00} GiB free; free some space, or {remedy}")
                : (Health.Ok, $"{folder}: writable, {free:0.0} GiB free");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return (Health.Warn, $"{folder} is not writable ({failure.Message}): {remedy}");
        }
        finally
        {
            // The check leaves no new folders behind.
            RemoveEmpty(folder, before);
        }
    }

    private static string Existing(string folder)
    {
        var path = Path.GetFullPath(folder);
        while (!Directory.Exists(path) && Path.GetDirectoryName(path) is { } parent)
            path = parent;
        return path;
    }

    private static void RemoveEmpty(string folder, string upTo)
    {
        for (var path = Path.GetFullPath(folder); path != upTo && Directory.Exists(path); path = Path.GetDirectoryName(path)!)
        {
            if (Directory.EnumerateFileSystemEntries(path).Any())
                return;
            Directory.Delete(path);
        }
    }
}
