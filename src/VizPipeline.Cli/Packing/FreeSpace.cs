using VizPipeline.Cli.CommandLine;

namespace VizPipeline.Cli.Packing;

/// <summary>Checks that a disk has room before a long copy begins.</summary>
internal static class FreeSpace
{
    /// <summary>Refuses to write more than the disk of an existing folder has room for.</summary>
    /// <exception cref="UsageException">There is too little room.</exception>
    public static void Check(string folder, long bytes)
    {
        if (new DriveInfo(folder).AvailableFreeSpace is var free && free < bytes)
            throw new UsageException(
                $"the disk of {folder} has {ByteSize.Format(free)} left, but {ByteSize.Format(bytes)} are needed: free some space, or "
                + "choose another disk");
    }
}
