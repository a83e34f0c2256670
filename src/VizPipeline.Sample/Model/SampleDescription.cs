using System.Text.Json;
using System.Text.Json.Serialization;
using VizPipeline.Sample.Pictures;
using VizPipeline.Sample.Training;

namespace VizPipeline.Sample.Model;

/// <summary>The file that accompanies the network: its outputs, its preprocessing and its origin.</summary>
/// <param name="Preprocessing">Converts an image to the network's input.</param>
/// <param name="Classes">Names of the outputs, in order.</param>
/// <param name="Training">How it was trained, and its accuracy.</param>
public sealed record SampleDescription(SamplePreprocessing Preprocessing, IReadOnlyList<string> Classes, SampleTraining Training)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        NewLine = "\n",
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
    };

    internal static SampleDescription From(TrainedNetwork trained)
    {
        var options = trained.Options;
        float mean = SampleArchitecture.Mean, deviation = SampleArchitecture.Deviation;
        return new SampleDescription(
            new SamplePreprocessing(
                PictureGenerator.Side, [PictureGenerator.Side, PictureGenerator.Side], [mean, mean, mean],
                [deviation, deviation, deviation]),
            PictureGenerator.Classes,
            new SampleTraining(
                options.Seed, options.Steps, options.BatchSize, Math.Round(trained.HeldOutAccuracy, 4), options.HeldOutPictures));
    }

    internal static SampleDescription Parse(Stream json)
        => JsonSerializer.Deserialize<SampleDescription>(json, Json)
            ?? throw new JsonException("the description of the sample network is empty");

    internal byte[] ToJson() => [.. JsonSerializer.SerializeToUtf8Bytes(this, Json), (byte)'\n'];
}

/// <summary>The preprocessing in the format of the description file.</summary>
/// <param name="Resize">Length of the shorter side, in pixels.</param>
/// <param name="Crop">Height and width of the centre crop.</param>
/// <param name="Mean">Subtracted per channel, from values in 0..1.</param>
/// <param name="Std">Divisor per channel, applied after the subtraction.</param>
public sealed record SamplePreprocessing(int Resize, IReadOnlyList<int> Crop, IReadOnlyList<float> Mean, IReadOnlyList<float> Std)
{
    /// <summary>Converts to the preprocessing of the image library.</summary>
    public Images.Preprocessing ToPreprocessing()
        => new() { ShorterSide = Resize, CropHeight = Crop[0], CropWidth = Crop[1], Mean = Mean, Std = Std };
}

/// <summary>How the network was trained.</summary>
/// <param name="Seed">Seed of weights and pictures; the held-out pictures use the next seed.</param>
/// <param name="Steps">Number of batches.</param>
/// <param name="BatchSize">Pictures per batch; no picture was used twice.</param>
/// <param name="HeldOutAccuracy">Share of the held-out pictures that it classifies correctly.</param>
/// <param name="HeldOutPictures">Number of held-out pictures.</param>
public sealed record SampleTraining(long Seed, int Steps, int BatchSize, double HeldOutAccuracy, int HeldOutPictures);
