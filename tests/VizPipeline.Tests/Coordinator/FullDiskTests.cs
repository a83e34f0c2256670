using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Coordinator;
using VizPipeline.ObjectStore;

namespace VizPipeline.Tests.Coordinator;

/// <summary>A full disk is told in one line, whoever notices it.</summary>
public class FullDiskTests
{
    private static readonly IOException NoSpace = new("No space left on device", 28);
    private static readonly SqliteException Sqlite = new("SQLite Error 13: 'database or disk is full'.", 13);

    public static TheoryData<Exception> Full =>
    [
        NoSpace, Sqlite, new DbUpdateException("An error occurred while saving", Sqlite),
        new AggregateException(new TimeoutException(), NoSpace), ObjectStoreException.From("/data", "a/b", NoSpace),
    ];

    [Theory]
    [MemberData(nameof(Full))]
    public void A_full_disk_is_recognised_in_causes(Exception failure)
    {
        Assert.True(FullDisk.Explains(failure));
        var line = VizCommandLine.Describe(failure);
        Assert.Contains("full", line);
        Assert.Contains("run the same command again to go on", line);
        Assert.DoesNotContain("Exception", line);
    }

    [Fact]
    public void Other_failures_are_no_full_disk()
    {
        Assert.False(FullDisk.Explains(null));
        Assert.False(FullDisk.Explains(new IOException("No such file", 2)));
        Assert.False(FullDisk.Explains(new SqliteException("SQLite Error 5: 'database is locked'.", 5)));
    }
}
