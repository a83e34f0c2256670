namespace VizPipeline.Tests;

/// <summary>Finds the shared test material (real networks, photographs, reference numbers), which is not part of the repository.</summary>
public static class TestData
{
    /// <summary>The folder of the material, from VIZ_TEST_DATA or beside the checkout; null where there is none.</summary>
    public static string? Root { get; } = Find();

    /// <summary>Path below the material's root. Skips the running test, with the reason, where the material is absent.</summary>
    public static string Path(params string[] parts)
    {
        Assert.SkipWhen(Root is null, "the shared test material (../shared/data, or the folder that VIZ_TEST_DATA names) is not here");
        return System.IO.Path.Combine([Root!, .. parts]);
    }

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("VIZ_TEST_DATA") is { Length: > 0 } named)
            return Directory.Exists(named) ? named : null;
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var beside = System.IO.Path.Combine(folder.FullName, "shared", "data");
            if (Directory.Exists(System.IO.Path.Combine(beside, "tiny-darknet")))
                return beside;
        }
        return null;
    }
}
