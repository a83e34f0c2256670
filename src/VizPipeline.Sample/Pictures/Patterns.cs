using SkiaSharp;

namespace VizPipeline.Sample.Pictures;

internal enum Pattern { Stripes, Checks, Dots, Bricks, Scales, Zigzag }

/// <summary>
/// Draws patterns that fill a square of half width <c>reach</c>: as a picture's subject, as a body's decoration, or faintly as a
/// background.
/// </summary>
internal static class Patterns
{
    /// <param name="pattern">The pattern to draw.</param>
    /// <param name="brush">Its canvas may be clipped, rotated and skewed.</param>
    /// <param name="ground">The colour beneath; brick joints and the gaps between scales show it.</param>
    /// <param name="figure">The colour of the stripes, fields, dots, bricks or scales.</param>
    /// <param name="size">The period, in the canvas's units.</param>
    /// <param name="reach">Half of the side of the square to fill.</param>
    public static void Draw(Pattern pattern, Brush brush, SKColor ground, SKColor figure, float size, float reach)
    {
        using var paint = new SKPaint { Color = ground, IsAntialias = true };
        brush.Canvas.DrawRect(new SKRect(-reach, -reach, reach, reach), paint);
        paint.Color = figure;
        switch (pattern)
        {
            case Pattern.Stripes: Stripes(brush, paint, size, reach); break;
            case Pattern.Checks: Checks(brush, paint, size, reach); break;
            case Pattern.Dots: Dots(brush, paint, size, reach); break;
            case Pattern.Bricks: Bricks(brush, paint, size, reach); break;
            case Pattern.Scales: Scales(brush, paint, ground, size, reach); break;
            case Pattern.Zigzag: Zigzag(brush, paint, size, reach); break;
        }
    }

    private static void Stripes(Brush brush, SKPaint paint, float size, float reach)
    {
        var part = brush.Dice.Between(0.35f, 0.65f);
        var third = brush.Dice.Chance(0.25f);
        var colors = new[] { paint.Color, third ? brush.Palette.Third : paint.Color };
        var turn = 0;
        for (var x = -reach; x < reach; x += size)
        {
            paint.Color = colors[turn++ % 2];
            brush.Canvas.DrawRect(x, -reach, size * part, 2 * reach, paint);
        }
    }

    private static void Checks(Brush brush, SKPaint paint, float size, float reach)
    {
        var side = size * 0.6f;
        var row = 0;
        for (var y = -reach; y < reach; y += side, row++)
            for (var x = -reach + (row % 2) * side; x < reach; x += 2 * side)
                brush.Canvas.DrawRect(x, y, side, side, paint);
    }

    private static void Dots(Brush brush, SKPaint paint, float size, float reach)
    {
        var radius = size * brush.Dice.Between(0.22f, 0.38f);
        var shift = brush.Dice.Chance(0.6f) ? 0.5f : 0;
        var unrest = brush.Dice.Chance(0.4f) ? 0.12f * size : 0;
        var mixed = brush.Dice.Chance(0.2f);
        var figure = paint.Color;
        var row = 0;
        for (var y = -reach; y < reach; y += size, row++)
            for (var x = -reach + (row % 2) * shift * size; x < reach; x += size)
            {
                paint.Color = mixed && brush.Dice.Chance(0.4f) ? brush.Palette.Third : figure;
                brush.Canvas.DrawCircle(x + unrest * brush.Dice.Between(-1, 1), y + unrest * brush.Dice.Between(-1, 1), radius, paint);
            }
    }

    private static void Bricks(Brush brush, SKPaint paint, float size, float reach)
    {
        float width = size * brush.Dice.Between(1.2f, 1.6f), height = size * 0.66f, joint = size * brush.Dice.Between(0.08f, 0.15f);
        var figure = paint.Color;
        var row = 0;
        for (var y = -reach; y < reach; y += height, row++)
            for (var x = -reach - (row % 2) * 0.5f * width; x < reach; x += width)
            {
                // No two bricks have the same colour.
                var tint = brush.Dice.Between(-0.22f, 0.22f);
                paint.Color = tint < 0 ? Palette.Darker(figure, -tint) : Palette.Lighter(figure, tint);
                brush.Canvas.DrawRect(x, y, width - joint, height - joint, paint);
            }
    }

    private static void Scales(Brush brush, SKPaint paint, SKColor ground, float size, float reach)
    {
        var figure = paint.Color;
        var radius = size * 0.62f;
        using var rim = new SKPaint
        {
            Color = Palette.Blend(ground, SKColors.Black, 0.25f),
            IsAntialias = true,
            IsStroke = true,
            StrokeWidth = size * 0.12f,
        };
        var row = 0;
        // From the bottom up, so that every row of scales lies over the one below it.
        for (var y = reach + size; y > -reach - size; y -= size * 0.5f, row++)
            for (var x = -reach - (row % 2) * 0.5f * size; x < reach + size; x += size)
            {
                paint.Color = row % 2 == 0 ? figure : Palette.Blend(figure, ground, 0.2f);
                brush.Canvas.DrawCircle(x, y, radius, paint);
                brush.Canvas.DrawCircle(x, y, radius, rim);
            }
    }

    private static void Zigzag(Brush brush, SKPaint paint, float size, float reach)
    {
        var depth = size * brush.Dice.Between(0.45f, 0.8f);
        paint.IsStroke = true;
        paint.StrokeWidth = size * brush.Dice.Between(0.3f, 0.45f);
        paint.StrokeJoin = SKStrokeJoin.Miter;
        using var line = Outline.Draw(path =>
        {
            for (var y = -reach - depth; y < reach + depth; y += size)
            {
                path.MoveTo(-reach, y);
                var up = true;
                for (var x = -reach + size * 0.6f; x < reach + size; x += size * 0.6f, up = !up)
                    path.LineTo(x, up ? y - depth : y);
            }
        });
        brush.Canvas.DrawPath(line, paint);
    }
}
