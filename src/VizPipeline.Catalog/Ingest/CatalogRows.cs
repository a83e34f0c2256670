using VizPipeline.Jobs;

namespace VizPipeline.Catalog;

/// <summary>Converts records of jobs to rows of the catalog.</summary>
internal static class CatalogRows
{
    public static Layer Of(int atlasId, LayerSpec layer) => new()
    {
        AtlasId = atlasId,
        LayerIndex = layer.Index,
        Name = layer.Name,
        Kind = layer.Kind,
        Operator = layer.Operator,
        Channels = layer.Channels,
        Height = layer.Height,
        Width = layer.Width,
        FieldHeight = layer.FieldY.Size,
        FieldWidth = layer.FieldX.Size,
        StrideY = layer.FieldY.Stride,
        StrideX = layer.FieldX.Stride,
        StartY = layer.FieldY.Start,
        StartX = layer.FieldX.Start,
        SeesWholeInput = layer.SeesWholeInput,
        Parameters = layer.Parameters,
        Depth = layer.Depth,
        Flops = layer.Flops,
        Rectified = layer.Rectified,
    };

    public static Job Of(int atlasId, PlannedJob job, bool ready) => new()
    {
        AtlasId = atlasId,
        JobId = job.Id,
        Kind = job.Group.Kind,
        LayerIndex = job.Group.Layer,
        Priority = job.Priority,
        Units = job.Units,
        Payload = JobMessage.Create(job.Command).Payload,
        State = ready ? JobState.Pending : JobState.Waiting,
    };

    public static Neuron Of(int layerId, NeuronRow row)
    {
        var neuron = new Neuron { LayerId = layerId, Channel = row.Channel };
        row.CopyTo(neuron);
        return neuron;
    }

    public static Patch Of(int layerId, PatchRow row) => new()
    {
        LayerId = layerId,
        Channel = row.Channel,
        Rank = row.Rank,
        ImageIndex = row.Image,
        Activation = row.Activation,
        Y = row.Y,
        X = row.X,
        X0 = row.Box.X0,
        Y0 = row.Box.Y0,
        X1 = row.Box.X1,
        Y1 = row.Box.Y1,
        ClippedX0 = row.Clipped.X0,
        ClippedY0 = row.Clipped.Y0,
        ClippedX1 = row.Clipped.X1,
        ClippedY1 = row.Clipped.Y1,
    };

    public static Facet Of(int layerId, FacetRow row) => new()
    {
        LayerId = layerId,
        Channel = row.Channel,
        Number = row.Facet,
        Images = row.Images.Count,
        Share = row.Share,
        Silhouette = row.Silhouette,
        MeanActivation = row.MeanActivation,
        ImageIndices = [.. row.Images],
    };

    public static Picture Of(int layerId, PictureRow row) => new()
    {
        LayerId = layerId,
        Channel = row.Channel,
        Method = row.Method,
        Variant = row.Variant,
        Seed = row.Seed,
        Key = row.Key,
        Parameters = row.Parameters,
        Status = row.Status,
        Activation = Number(row.Activation),
        Percentile = Number(row.Percentile),
        BestStep = row.BestStep,
        Steps = row.Steps,
        Objective = [.. row.Objective.Where(float.IsFinite)],
    };

    // SQL has no NaN; an undefined number becomes null.
    private static double? Number(double? value) => value is { } number && double.IsNaN(number) ? null : value;
}
