namespace VizPipeline.Tests.EndToEnd;

/// <summary>Invalid input from the user is named in one line on standard error, with exit code 2.</summary>
[Collection(VizProcesses.Name)]
public class UsageErrorTests(SampleMaterial material)
{
    [Fact]
    public Task A_missing_option_is_named() => AssertUsageError("--model", "run", "--images", material.Images);

    [Fact]
    public Task A_missing_model_is_named()
        => AssertUsageError("nowhere.onnx", "run", "--model", "nowhere.onnx", "--images", material.Images);

    [Fact]
    public Task Missing_images_are_named() => AssertUsageError("--images", "run", "--model", material.Model);

    [Fact]
    public Task A_missing_image_folder_is_named() => AssertUsageError(
        "nowhere-images", "run", "--model", material.Model, "--images", material.Out("nowhere-images"), "--out", material.Out("never"));

    [Fact]
    public Task An_unknown_layer_is_named() => AssertUsageError(
        "'conv99'", "run", "--model", material.Model, "--images", material.Images, "--layers", "conv1,conv99");

    [Fact]
    public Task An_unknown_method_is_named() => AssertUsageError(
        "'shapley'", "run", "--model", material.Model, "--images", material.Images, "--methods", "top9,shapley");

    [Fact]
    public async Task A_folder_with_an_atlas_of_other_settings_is_named()
    {
        var folder = material.Out("other-settings");
        string[] command = ["run", "--model", material.Model, "--methods", "filters", "--out", folder];
        Assert.Equal(0, (await VizProcess.Run([.. command, "--layers", "conv1", "--preprocess", "imagenet"])).ExitCode);

        await AssertUsageError(folder, [.. command, "--layers", "conv1", "--preprocess", "unit"]);
        await AssertUsageError("'another'", [.. command, "--layers", "conv1", "--name", "another"]);
    }

    private static async Task AssertUsageError(string named, params string[] arguments)
    {
        var result = await VizProcess.Run(arguments);
        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith("viz: ", Assert.Single(result.ErrorLines));
        Assert.Contains(named, result.Error);
        Assert.Empty(result.Output);
    }
}
